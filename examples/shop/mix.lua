-- What wrk asks the shop for: six times the cart, three products, one checkout, and over again.
local paths = {
    "/cart?item=1", "/product?item=2", "/cart?item=3", "/cart?item=4", "/product?item=5",
    "/cart?item=6", "/checkout", "/cart?item=8", "/product?item=9", "/cart?item=10",
}
local n = 0

request = function()
    n = n % #paths + 1
    return wrk.format("GET", paths[n])
end
